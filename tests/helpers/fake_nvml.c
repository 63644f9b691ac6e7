/* A stand-in for NVIDIA's libnvidia-ml.so.1 and libcuda.so.1, for tests only: the calls that the wizard's children
   make, answered from a scenario. The scenario is the file named by FAKE_NVML_SCENARIO, else scenario.ini beside the
   library, so that a program which scrubs its children's environment can be tested too. It is read once, at the start.

     driver = 581.42          facts of the driver come before the first [gpu]
     cuda = 13000
     init_error = 18          what nvmlInit answers
     [gpu]                    one section for each card; a fact that is not given is "not supported" (3)
     name = ...               uuid, bus_id, pci_id, cc, memory, power_limit_mw, max_clock_sm, max_clock_mem, mig
     err.nvmlDeviceGetName = 15      what one call answers: for all cards, or for the card of the section
     hang = nvmlDeviceGetName        the call that never comes back
     cuda_library = 12040            what cuDriverGetVersion says when it is not `cuda`
     leaves = /a/file                what cuInit makes, as the true one makes /dev/nvidia-uvm
     now_clock = 210,1500,2400       what sensors say, one value for each look; the last one stays. Also now_temperature,
                                     now_power_mw, now_reasons, now_link_generation, now_link_width, now_load
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { OK = 0, UNINITIALIZED = 1, INVALID = 2, NOT_SUPPORTED = 3, TOO_SMALL = 7, UNKNOWN = 999 };
enum { CARDS = 16, FACTS = 64 };

typedef struct { char name[64], value[192]; } Fact;
typedef struct { Fact facts[FACTS]; int count; } Section;

static Section sections[CARDS + 1]; /* 0 is the driver */
static int cards, started;

static const char *fact(const Section *section, const char *name) {
    for (int i = 0; i < section->count; i++)
        if (!strcmp(section->facts[i].name, name)) return section->facts[i].value;
    return NULL;
}

static void read_scenario(void) {
    char path[4096] = "", line[512], name[64], value[192];
    const char *given = getenv("FAKE_NVML_SCENARIO");
    Dl_info self;
    if (given) snprintf(path, sizeof path, "%s", given);
    else if (dladdr((void *)read_scenario, &self)) {
        snprintf(path, sizeof path - 16, "%s", self.dli_fname);
        char *end = strrchr(path, '/');
        strcpy(end ? end + 1 : path, "scenario.ini");
    }
    FILE *file = fopen(path, "r");
    memset(sections, 0, sizeof sections);
    cards = 0;
    while (file && fgets(line, sizeof line, file)) {
        Section *now = &sections[cards];
        if (line[0] == '[' && cards < CARDS) cards++;
        else if (line[0] != '#' && now->count < FACTS && sscanf(line, " %63[^= ] = %191[^\r\n]", name, value) == 2) {
            snprintf(now->facts[now->count].name, sizeof name, "%s", name);
            snprintf(now->facts[now->count++].value, sizeof value, "%s", value);
        }
    }
    if (file) fclose(file);
}

/* What every call does first: hang, or fail, as the scenario wants it. */
static int refuse(const Section *section, const char *call) {
    char name[96];
    const Section *both[] = {section, &sections[0]};
    if (!started) return UNINITIALIZED;
    snprintf(name, sizeof name, "err.%s", call);
    for (int i = 0; i < 2; i++) {
        const char *hang = fact(both[i], "hang"), *error = fact(both[i], name);
        while (hang && !strcmp(hang, call)) sleep(60);
        if (error) return atoi(error);
    }
    return OK;
}

static int text(const Section *section, const char *call, const char *name, char *out, unsigned size) {
    int error = refuse(section, call);
    const char *value = fact(section, name);
    if (error || !value) return error ? error : NOT_SUPPORTED;
    return snprintf(out, size, "%s", value) < (int)size ? OK : TOO_SMALL;
}

static int number(const Section *section, const char *call, const char *name, unsigned long long *out) {
    int error = refuse(section, call);
    const char *value = fact(section, name);
    if (error || !value) return error ? error : NOT_SUPPORTED;
    *out = strtoull(value, NULL, 0);
    return OK;
}

static int small(const Section *section, const char *call, const char *name, unsigned *out) {
    unsigned long long value = 0;
    int error = number(section, call, name, &value);
    if (!error) *out = (unsigned)value;
    return error;
}

int nvmlInitWithFlags(unsigned flags) {
    (void)flags;
    read_scenario();
    started = 1;
    int error = refuse(&sections[0], "nvmlInitWithFlags");
    const char *init = fact(&sections[0], "init_error");
    started = !error && !init;
    return error ? error : init ? atoi(init) : OK;
}
int nvmlShutdown(void) { started = 0; return OK; }
const char *nvmlErrorString(int error) { return error ? "An error of the stand-in" : "Success"; }

int nvmlSystemGetDriverVersion(char *out, unsigned size) { return text(&sections[0], __func__, "driver", out, size); }
int nvmlSystemGetCudaDriverVersion(unsigned *out) { return small(&sections[0], __func__, "cuda", out); }
int nvmlSystemGetCudaDriverVersion_v2(unsigned *out) { return small(&sections[0], __func__, "cuda", out); }
int nvmlDeviceGetCount_v2(unsigned *out) { *out = (unsigned)cards; return refuse(&sections[0], __func__); }

int nvmlDeviceGetHandleByIndex_v2(unsigned index, Section **out) {
    if (index >= (unsigned)cards) return INVALID;
    *out = &sections[index + 1];
    return refuse(*out, __func__);
}
static int with(const char *call, const char *name, const char *value, Section **out) {
    for (int i = 1; i <= cards; i++) {
        const char *mine = fact(&sections[i], name);
        size_t length = mine ? strlen(mine) : 0, other = strlen(value);
        /* an address may come with four digits of domain or with eight */
        if (!mine || (strcmp(mine, value) && !(length > other && !strcasecmp(mine + length - other, value)))) continue;
        *out = &sections[i];
        return refuse(*out, call);
    }
    return started ? 6 : UNINITIALIZED;
}
int nvmlDeviceGetHandleByPciBusId_v2(const char *place, Section **out) { return with(__func__, "bus_id", place, out); }
int nvmlDeviceGetName(Section *card, char *out, unsigned size) { return text(card, __func__, "name", out, size); }
int nvmlDeviceGetUUID(Section *card, char *out, unsigned size) { return text(card, __func__, "uuid", out, size); }
int nvmlDeviceGetEnforcedPowerLimit(Section *card, unsigned *out) { return small(card, __func__, "power_limit_mw", out); }
int nvmlDeviceGetMaxClockInfo(Section *card, int kind, unsigned *out) {
    return small(card, __func__, kind == 1 ? "max_clock_sm" : "max_clock_mem", out);
}
int nvmlDeviceGetMigMode(Section *card, unsigned *now, unsigned *pending) {
    int error = small(card, __func__, "mig", now);
    *pending = *now;
    return error;
}
int nvmlDeviceGetMemoryInfo(Section *card, unsigned long long out[3]) {
    return number(card, __func__, fact(card, "memory") ? "memory" : "mem_total", &out[0]);
}
int nvmlDeviceGetCudaComputeCapability(Section *card, int *major, int *minor) {
    int error = refuse(card, __func__);
    const char *value = fact(card, "cc");
    if (error || !value) return error ? error : NOT_SUPPORTED;
    return sscanf(value, "%d.%d", major, minor) == 2 ? OK : UNKNOWN;
}

typedef struct { char legacy[16]; unsigned domain, bus, device, id, subsystem; char address[32]; } Pci;
int nvmlDeviceGetPciInfo_v3(Section *card, Pci *out) {
    memset(out, 0, sizeof *out);
    int error = text(card, __func__, "bus_id", out->address, sizeof out->address);
    const char *id = fact(card, "pci_id");
    if (id) out->id = (unsigned)strtoul(id, NULL, 0);
    return error;
}

/* What a sensor says at this look: the next value of its list. */
static int sensor(Section *card, const char *call, const char *name, unsigned long long *out) {
    static struct { const Section *card; const char *name; int looks; } seen[CARDS * 8];
    int error = refuse(card, call), slot = 0;
    const char *value = fact(card, name);
    if (error || !value) return error ? error : NOT_SUPPORTED;
    while (seen[slot].card && (seen[slot].card != card || strcmp(seen[slot].name, name))) slot++;
    seen[slot].card = card;
    seen[slot].name = name;
    for (int look = seen[slot].looks++; look && strchr(value, ','); look--) value = strchr(value, ',') + 1;
    *out = strtoull(value, NULL, 0);
    return OK;
}
static int small_sensor(Section *card, const char *call, const char *name, unsigned *out) {
    unsigned long long value = 0;
    int error = sensor(card, call, name, &value);
    if (!error) *out = (unsigned)value;
    return error;
}
int nvmlDeviceGetHandleByUUID(const char *uuid, Section **out) {
    for (int card = 1; card <= cards; card++) {
        const char *known = fact(&sections[card], "uuid");
        if (known && !strcmp(known, uuid)) return *out = &sections[card], refuse(*out, __func__);
    }
    return 6; /* not found */
}
int nvmlDeviceGetClockInfo(Section *card, int kind, unsigned *out) {
    return kind == 1 ? small_sensor(card, __func__, "now_clock", out) : NOT_SUPPORTED;
}
int nvmlDeviceGetTemperature(Section *card, int kind, unsigned *out) {
    (void)kind;
    return small_sensor(card, __func__, "now_temperature", out);
}
int nvmlDeviceGetPowerUsage(Section *card, unsigned *out) { return small_sensor(card, __func__, "now_power_mw", out); }
int nvmlDeviceGetCurrentClocksEventReasons(Section *card, unsigned long long *out) {
    return sensor(card, __func__, "now_reasons", out);
}
int nvmlDeviceGetCurrPcieLinkGeneration(Section *card, unsigned *out) {
    return small_sensor(card, __func__, "now_link_generation", out);
}
int nvmlDeviceGetCurrPcieLinkWidth(Section *card, unsigned *out) {
    return small_sensor(card, __func__, "now_link_width", out);
}
int nvmlDeviceGetUtilizationRates(Section *card, unsigned out[2]) {
    out[1] = 0;
    return small_sensor(card, __func__, "now_load", &out[0]);
}

/* The CUDA driver library. */
static int cuda_call(const char *call, int index) {
    if (!started) {
        read_scenario();
        started = 1;
    }
    return refuse(&sections[index], call);
}
int cuDriverGetVersion(int *out) {
    int error = cuda_call(__func__, 0);
    const char *own = fact(&sections[0], "cuda_library"), *value = own ? own : fact(&sections[0], "cuda");
    *out = value ? atoi(value) : 0;
    return error;
}
int cuInit(unsigned flags) {
    (void)flags;
    int error = cuda_call(__func__, 0);
    const char *leaves = fact(&sections[0], "leaves");
    FILE *file = leaves ? fopen(leaves, "w") : NULL;
    if (file) fclose(file);
    return error ? error : cards ? OK : 100;
}
int cuDeviceGetCount(int *out) { *out = cards; return cuda_call(__func__, 0); }
int cuDeviceGet(int *out, int index) { *out = index; return cuda_call(__func__, index + 1); }
static int cuda_text(const char *call, const char *name, char *out, int size, int device) {
    int error = cuda_call(call, device + 1);
    const char *value = fact(&sections[device + 1], name);
    snprintf(out, (size_t)size, "%s", value ? value : "");
    return error ? error : value ? OK : 801;
}
int cuDeviceGetName(char *out, int size, int device) { return cuda_text(__func__, "name", out, size, device); }
int cuDeviceGetPCIBusId(char *out, int size, int device) { return cuda_text(__func__, "bus_id", out, size, device); }
int cuDeviceGetAttribute(int *out, int attribute, int device) {
    int error = cuda_call(__func__, device + 1), major = 0, minor = 0;
    const char *value = fact(&sections[device + 1], "cc");
    if (error || !value || sscanf(value, "%d.%d", &major, &minor) != 2) return error ? error : 801;
    *out = attribute == 75 ? major : minor;
    return OK;
}
int cuDeviceTotalMem_v2(size_t *out, int device) {
    int error = cuda_call(__func__, device + 1);
    const char *value = fact(&sections[device + 1], "memory");
    *out = value ? (size_t)strtoull(value, NULL, 0) : 0;
    return error;
}

/* A stand-in for NVIDIA's libnvidia-ml.so.1, for tests only: the calls that the wizard's child makes, answered from a
   scenario. The scenario is the file named by FAKE_NVML_SCENARIO, else scenario.ini beside the library, so that a
   program which scrubs its children's environment can be tested too. It is read once, in nvmlInit.

     driver = 581.42          facts of the driver come before the first [gpu]
     cuda = 13000
     init_error = 18          what nvmlInit answers
     [gpu]                    one section for each card; a fact that is not given is "not supported" (3)
     name = ...               uuid, bus_id, pci_id, cc, memory, power_limit_mw, max_clock_sm, max_clock_mem, mig
     err.nvmlDeviceGetName = 15      what one call answers: for all cards, or for the card of the section
     hang = nvmlDeviceGetName        the call that never comes back
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

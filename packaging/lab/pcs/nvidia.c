/* Stand-ins for two files of NVIDIA's driver for Windows, for tests only: nvml.dll (compiled with -shared) and
   nvidia-smi.exe (compiled with -DNVIDIA_SMI). Both answer from nvidia.ini in their own folder, which is read at the
   start. The form is that of tests/helpers/fake_nvml.c:

     driver = 581.42          facts of the driver come before the first [gpu]
     cuda = 13000
     init_error = 9           what nvmlInit answers; nvidia-smi says what the true one says then
     [gpu]                    one section for each card; a fact that is not given is "not supported"
     name, uuid, bus_id, pci_id, cc, memory (bytes), power_limit_mw, max_clock_sm, max_clock_mem, mig
     err.nvmlDeviceGetName = 15      what one call answers: for all cards, or for the card of the section
     hang = nvmlDeviceGetName        the call that never comes back; "nvidia-smi" is the whole program
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

enum { OK = 0, UNINITIALIZED = 1, INVALID = 2, NOT_SUPPORTED = 3, TOO_SMALL = 7, UNKNOWN = 999 };
enum { CARDS = 16, FACTS = 32 };
#define API __declspec(dllexport)

typedef struct { char name[64], value[192]; } Fact;
typedef struct { Fact facts[FACTS]; int count; } Section;

static Section sections[CARDS + 1]; /* 0 is the driver */
static int cards;

static const char *fact(const Section *section, const char *name) {
    for (int i = 0; i < section->count; i++)
        if (!strcmp(section->facts[i].name, name)) return section->facts[i].value;
    return NULL;
}

static void read_scenario(HMODULE self) {
    wchar_t path[4096];
    char line[512], name[64], value[192];
    GetModuleFileNameW(self, path, 4000);
    wchar_t *end = wcsrchr(path, L'\\');
    wcscpy(end ? end + 1 : path, L"nvidia.ini");
    FILE *file = _wfopen(path, L"r");
    memset(sections, 0, sizeof sections);
    cards = 0;
    while (file && fgets(line, sizeof line, file)) {
        if (line[0] == '[') {
            if (cards < CARDS) cards++;
            continue;
        }
        Section *now = &sections[cards];
        if (line[0] != '#' && now->count < FACTS && sscanf(line, " %63[^= ] = %191[^\r\n]", name, value) == 2) {
            strcpy(now->facts[now->count].name, name);
            strcpy(now->facts[now->count++].value, value);
        }
    }
    if (file) fclose(file);
}

static int init_error(void) {
    const char *error = fact(&sections[0], "init_error");
    return error ? atoi(error) : OK;
}

static void hang_if(const Section *section, const char *call) {
    const char *hang = fact(section, "hang");
    while (hang && !strcmp(hang, call)) Sleep(60000);
}

#ifdef NVIDIA_SMI

static const char *field(const Section *card, int index, const char *name, char *room, size_t size) {
    static const char *same[][2] = {{"name", "name"}, {"uuid", "uuid"}, {"pci.bus_id", "bus_id"},
                                    {"pci.device_id", "pci_id"}, {"compute_cap", "cc"}};
    const char *value = NULL;
    if (!strcmp(name, "index")) {
        snprintf(room, size, "%d", index);
        return room;
    }
    if (!strcmp(name, "driver_version")) return fact(&sections[0], "driver");
    if (!strcmp(name, "memory.total")) {
        value = fact(card, "memory");
        if (!value) return "[N/A]";
        snprintf(room, size, "%llu", strtoull(value, NULL, 0) >> 20);
        return room;
    }
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (!strcmp(name, same[i][0])) {
            value = fact(card, same[i][1]);
            return value ? value : "[N/A]";
        }
    return NULL;
}

static int refuse(int error) {
    switch (error) {
    case 9:
        puts("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. "
             "Make sure that the latest NVIDIA driver is installed and running.\n");
        return 9;
    case 18:
        puts("Failed to initialize NVML: Driver/library version mismatch");
        return 18;
    default:
        puts("Failed to initialize NVML: Unknown Error");
        return 255;
    }
}

static int query(char *names) {
    char *wanted[64], room[64];
    int count = 0;
    for (char *name = strtok(names, ","); name && count < 64; name = strtok(NULL, ",")) wanted[count++] = name;
    for (int i = 0; i < count; i++)
        if (!field(&sections[0], 0, wanted[i], room, sizeof room)) {
            printf("Field \"%s\" is not a valid field to query.\n\n", wanted[i]);
            return 2;
        }
    for (int card = 0; card < cards; card++)
        for (int i = 0; i < count; i++)
            printf("%s%s", field(&sections[card + 1], card, wanted[i], room, sizeof room), i + 1 < count ? ", " : "\n");
    return 0;
}

int main(int count, char **arguments) {
    read_scenario(NULL);
    hang_if(&sections[0], "nvidia-smi");
    if (init_error()) return refuse(init_error());
    if (cards == 0) {
        puts("No devices were found");
        return 6;
    }
    if (count > 1 && !strncmp(arguments[1], "--query-gpu=", 12)) return query(arguments[1] + 12);
    const char *driver = fact(&sections[0], "driver"), *cuda = fact(&sections[0], "cuda");
    int number = cuda ? atoi(cuda) : 0;
    printf("| NVIDIA-SMI %-10s  Driver Version: %-10s  CUDA Version: %d.%d  |\n", driver, driver, number / 1000,
           number % 1000 / 10);
    return 0;
}

#else

static int started;
static HMODULE library;

BOOL WINAPI DllMain(HINSTANCE self, DWORD reason, LPVOID reserved) {
    (void)reserved;
    if (reason == DLL_PROCESS_ATTACH) library = self;
    return TRUE;
}

/* What every call does first: hang, or fail, as the scenario wants it. */
static int refuse(const Section *section, const char *call) {
    char name[96];
    const Section *both[] = {section, &sections[0]};
    if (!started) return UNINITIALIZED;
    snprintf(name, sizeof name, "err.%s", call);
    for (int i = 0; i < 2; i++) {
        const char *error = fact(both[i], name);
        hang_if(both[i], call);
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

API int nvmlInitWithFlags(unsigned flags) {
    (void)flags;
    read_scenario(library);
    started = 1;
    int error = refuse(&sections[0], "nvmlInitWithFlags");
    if (!error) error = init_error();
    started = !error;
    return error;
}
API int nvmlInit_v2(void) { return nvmlInitWithFlags(0); }
API int nvmlShutdown(void) {
    started = 0;
    return OK;
}
API const char *nvmlErrorString(int error) { return error ? "An error of the stand-in" : "Success"; }

API int nvmlSystemGetDriverVersion(char *out, unsigned size) {
    return text(&sections[0], __func__, "driver", out, size);
}
API int nvmlSystemGetCudaDriverVersion(unsigned *out) { return small(&sections[0], __func__, "cuda", out); }
API int nvmlSystemGetCudaDriverVersion_v2(unsigned *out) { return small(&sections[0], __func__, "cuda", out); }
API int nvmlDeviceGetCount_v2(unsigned *out) {
    *out = (unsigned)cards;
    return refuse(&sections[0], __func__);
}

API int nvmlDeviceGetHandleByIndex_v2(unsigned index, Section **out) {
    if (index >= (unsigned)cards) return INVALID;
    *out = &sections[index + 1];
    return refuse(*out, __func__);
}
API int nvmlDeviceGetName(Section *card, char *out, unsigned size) { return text(card, __func__, "name", out, size); }
API int nvmlDeviceGetUUID(Section *card, char *out, unsigned size) { return text(card, __func__, "uuid", out, size); }
API int nvmlDeviceGetEnforcedPowerLimit(Section *card, unsigned *out) {
    return small(card, __func__, "power_limit_mw", out);
}
API int nvmlDeviceGetMaxClockInfo(Section *card, int kind, unsigned *out) {
    return small(card, __func__, kind == 1 ? "max_clock_sm" : "max_clock_mem", out);
}
API int nvmlDeviceGetMigMode(Section *card, unsigned *now, unsigned *pending) {
    int error = small(card, __func__, "mig", now);
    if (!error) *pending = *now;
    return error;
}
API int nvmlDeviceGetMemoryInfo(Section *card, unsigned long long out[3]) {
    out[1] = out[2] = 0;
    return number(card, __func__, "memory", &out[0]);
}
API int nvmlDeviceGetCudaComputeCapability(Section *card, int *major, int *minor) {
    int error = refuse(card, __func__);
    const char *value = fact(card, "cc");
    if (error || !value) return error ? error : NOT_SUPPORTED;
    return sscanf(value, "%d.%d", major, minor) == 2 ? OK : UNKNOWN;
}

typedef struct { char legacy[16]; unsigned domain, bus, device, id, subsystem; char address[32]; } Pci;
API int nvmlDeviceGetPciInfo_v3(Section *card, Pci *out) {
    memset(out, 0, sizeof *out);
    int error = text(card, __func__, "bus_id", out->address, sizeof out->address);
    const char *id = fact(card, "pci_id");
    if (id) out->id = (unsigned)strtoul(id, NULL, 0);
    return error;
}

#endif

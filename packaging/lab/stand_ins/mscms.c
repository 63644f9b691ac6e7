/* A stand-in for tests alone: Wine 10's mscms.dll ends the program in WcsCreateIccProfile, which Qt 6.12 asks at its start.
   This one has no colour profile for any screen. It is never part of what we give away. */
#define API __declspec(dllexport)

API void *OpenColorProfileW(void *profile, unsigned access, unsigned share, unsigned creation) { return 0; }
API int CloseColorProfile(void *profile) { return 1; }
API void *WcsCreateIccProfile(void *profile, unsigned options) { return 0; }
API int GetColorProfileFromHandle(void *profile, unsigned char *buffer, unsigned *size)
{
    if (size) *size = 0;
    return 0;
}
API int GetColorDirectoryW(const void *machine, void *folder, unsigned *size)
{
    if (size) *size = 0;
    return 0;
}

/* setupwizard.exe and setupwizard-gui.exe (WINDOWED): run app\start.py by the Python beside it, in this process.
 *
 * A real program of our own and no python.exe with an argument: it has our icon and version, its manifest sets DPI,
 * long paths and UTF-8, and Windows shows it by its name. Nothing is searched for: every file is named by its whole
 * path below the folder of this program, and libraries of Windows come from System32 alone.
 */
#ifndef UNICODE
#define UNICODE
#endif
#define _WIN32_WINNT 0x0A00
#include <windows.h>
#include <shellapi.h>
#include <stdio.h>
#include <wchar.h>

#include "system_libraries.h"

#define LONGEST 32767
#define BROKEN 1

typedef int (*python_main)(int, wchar_t **);

static wchar_t folder[LONGEST];

/* Say in the person's language what is wrong; in a message box where there is no console. */
static int fail(const wchar_t *english, const wchar_t *chinese, const wchar_t *file)
{
    static wchar_t text[LONGEST + 512];
    DWORD error = GetLastError();
    BOOL speaks_chinese = PRIMARYLANGID(GetUserDefaultUILanguage()) == LANG_CHINESE;
    swprintf(text, LONGEST + 512, L"%ls\n%ls%ls\n\n%ls (Windows %lu)\n", speaks_chinese ? chinese : english,
             speaks_chinese ? L"\u8bf7\u91cd\u65b0\u5b89\u88c5\u672c\u7a0b\u5e8f\u3002"
                              L"\u60a8\u7684\u4efb\u4f55\u5185\u5bb9\u90fd\u6ca1\u6709\u6539\u52a8\u3002"
                            : L"Please install the program again. Nothing of yours was changed.",
             L"", file, error);
#ifdef WINDOWED
    MessageBoxW(NULL, text, L"PyTorch Setup", MB_ICONERROR | MB_OK);
#else
    HANDLE out = GetStdHandle(STD_ERROR_HANDLE);
    DWORD mode, written;
    if (GetConsoleMode(out, &mode)) {
        WriteConsoleW(out, text, (DWORD)wcslen(text), &written, NULL);
    } else {
        static char bytes[4 * (LONGEST + 512)];
        int count = WideCharToMultiByte(CP_UTF8, 0, text, -1, bytes, sizeof bytes, NULL, NULL);
        if (count > 1)
            WriteFile(out, bytes, (DWORD)count - 1, &written, NULL);
    }
#endif
    return BROKEN;
}

/* Put the whole path of a file of the package into a buffer; return whether the file is there. */
static BOOL locate(wchar_t *path, const wchar_t *name)
{
    DWORD kind;
    swprintf(path, LONGEST, L"%ls\\%ls", folder, name);
    kind = GetFileAttributesW(path);
    return kind != INVALID_FILE_ATTRIBUTES && !(kind & FILE_ATTRIBUTE_DIRECTORY);
}

/* Libraries of Windows come from System32, whatever lies beside this program or in the folder that it was started in. */
static void trust_system32_alone(BOOL for_a_window)
{
    PROCESS_MITIGATION_IMAGE_LOAD_POLICY images = {0};
    size_t i;
    SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32 | LOAD_LIBRARY_SEARCH_USER_DIRS);
    SetDllDirectoryW(L"");
    SetSearchPathMode(BASE_SEARCH_PATH_ENABLE_SAFE_SEARCHMODE | BASE_SEARCH_PATH_PERMANENT);
    images.PreferSystem32Images = 1;
    SetProcessMitigationPolicy(ProcessImageLoadPolicy, &images, sizeof images);
    /* Python asks for its modules with this program's folder among the places for what they need, and a library that
     * is loaded is not searched for again. Some are missing in some Windows: then nobody needs them there. */
    for (i = 0; i < sizeof always_needed / sizeof *always_needed; i++)
        LoadLibraryExW(always_needed[i], NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    for (i = 0; for_a_window && i < sizeof needed_by_the_window / sizeof *needed_by_the_window; i++)
        LoadLibraryExW(needed_by_the_window[i], NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
}

static int run(void)
{
    static wchar_t library[LONGEST], start[LONGEST];
    wchar_t **given, **words, *cut;
    python_main main_of_python;
    HMODULE python;
    int count, i;

    given = CommandLineToArgvW(GetCommandLineW(), &count);
    if (given == NULL || count < 1)
        return fail(L"The program could not read its command line.", L"\u7a0b\u5e8f\u65e0\u6cd5\u8bfb\u53d6\u547d\u4ee4\u884c\u3002", L"");
    /* The program's own children have words that begin with "_"; they are many, have deadlines, and show nothing. */
    trust_system32_alone(count < 2 || given[1][0] != L'_' || wcscmp(given[1], L"_window") == 0);
    if (!GetModuleFileNameW(NULL, folder, LONGEST) || (cut = wcsrchr(folder, L'\\')) == NULL)
        return fail(L"The program cannot find its own folder.", L"\u7a0b\u5e8f\u627e\u4e0d\u5230\u81ea\u5df1\u7684\u6587\u4ef6\u5939\u3002", L"");
    *cut = 0;
    if (!locate(library, L"python\\" PYTHON_LIBRARY))
        return fail(L"A file of the program is missing.", L"\u7a0b\u5e8f\u7f3a\u5c11\u6587\u4ef6\u3002", library);
    if (!locate(start, L"app\\start.py"))
        return fail(L"A file of the program is missing.", L"\u7a0b\u5e8f\u7f3a\u5c11\u6587\u4ef6\u3002", start);
    python = LoadLibraryExW(library, NULL, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_SYSTEM32);
    if (python == NULL)
        return fail(L"A file of the program is damaged.", L"\u7a0b\u5e8f\u6587\u4ef6\u5df2\u635f\u574f\u3002", library);
    main_of_python = (python_main)(void *)GetProcAddress(python, "Py_Main");
    if (main_of_python == NULL)
        return fail(L"A file of the program is damaged.", L"\u7a0b\u5e8f\u6587\u4ef6\u5df2\u635f\u574f\u3002", library);

    words = HeapAlloc(GetProcessHeap(), HEAP_GENERATE_EXCEPTIONS | HEAP_ZERO_MEMORY, sizeof *words * ((size_t)count + 6));
    words[0] = given[0];
    words[1] = L"-I"; /* nothing of the person's own Python takes part */
    words[2] = L"-B"; /* an uninstaller finds what it put there, and no more */
    words[3] = L"-X";
    words[4] = L"utf8";
    words[5] = start;
    for (i = 1; i < count; i++)
        words[i + 5] = given[i];
    return main_of_python(count + 5, words);
}

#ifdef WINDOWED
int WINAPI wWinMain(HINSTANCE instance, HINSTANCE before, LPWSTR line, int show)
{
    (void)instance, (void)before, (void)line, (void)show;
    return run();
}
#else
int wmain(void)
{
    return run();
}
#endif

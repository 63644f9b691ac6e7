/* A stand-in for tests alone: Windows 10 brings icuuc.dll, Wine 10 has none, and Qt from 6.10 on is linked to it.
   It knows no text encoding, so Qt falls back to those of its own. It is never part of what we give away. */
#define API __declspec(dllexport)
enum { ILLEGAL_ARGUMENT = 1, FILE_ACCESS = 4 };

static void fail(int *status, int code) { if (status) *status = code; }

API void *ucnv_open(const char *name, int *status) { fail(status, FILE_ACCESS); return 0; }
API void ucnv_close(void *converter) {}
API void ucnv_reset(void *converter) {}
API int ucnv_countAvailable(void) { return 0; }
API const char *ucnv_getAvailableName(int index) { return 0; }
API const char *ucnv_getName(void *converter, int *status) { fail(status, ILLEGAL_ARGUMENT); return ""; }
API const char *ucnv_getStandardName(const char *name, const char *standard, int *status)
{
    fail(status, ILLEGAL_ARGUMENT);
    return 0;
}
API signed char ucnv_getMaxCharSize(void *converter) { return 1; }
API int ucnv_toUCountPending(const void *converter, int *status) { return 0; }
API int ucnv_fromUCountPending(const void *converter, int *status) { return 0; }
API void ucnv_toUnicode(void *converter, void **to, const void *to_end, const char **from, const char *from_end,
                        int *offsets, signed char flush, int *status) { fail(status, ILLEGAL_ARGUMENT); }
API void ucnv_fromUnicode(void *converter, char **to, const char *to_end, const void **from, const void *from_end,
                          int *offsets, signed char flush, int *status) { fail(status, ILLEGAL_ARGUMENT); }
API void ucnv_getToUCallBack(void *converter, void **action, const void **context) {}
API void ucnv_getFromUCallBack(void *converter, void **action, const void **context) {}
API void ucnv_setToUCallBack(void *converter, void *action, const void *context, void **old, const void **old_context,
                             int *status) {}
API void ucnv_setFromUCallBack(void *converter, void *action, const void *context, void **old, const void **old_context,
                               int *status) {}
API void ucnv_cbToUWriteUChars(void *args, const void *source, int length, int offset, int *status) {}
API void ucnv_cbFromUWriteUChars(void *args, const void **source, const void *source_end, int offset, int *status) {}
API void UCNV_FROM_U_CALLBACK_SUBSTITUTE(void) {}
API void UCNV_TO_U_CALLBACK_SUBSTITUTE(void) {}

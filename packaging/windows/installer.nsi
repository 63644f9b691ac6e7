; The installer for one person: no administrator rights, into %LOCALAPPDATA%\Programs. build.sh gives VERSION, STAGE, OUTPUT, SIZE.
; Silent: setup.exe /S [/D=C:\folder]; uninstall.exe /S keeps environments, names them in %TEMP%\setupwizard-kept.txt, and
; removes the rest.
Unicode true
Target amd64-unicode
!include MUI2.nsh
!include LogicLib.nsh
!include WinVer.nsh
!include FileFunc.nsh
!include TextFunc.nsh
!insertmacro un.TrimNewLines

!define PRODUCT "setupwizard"
!define ENTRY "Software\Microsoft\Windows\CurrentVersion\Uninstall\${PRODUCT}"
!define PATHS "Software\Microsoft\Windows\CurrentVersion\App Paths\${PRODUCT}.exe"
!define OURS "Software\${PRODUCT}"

Name "$(NAME)"
OutFile "${OUTPUT}"
InstallDir "$LOCALAPPDATA\Programs\${PRODUCT}"
InstallDirRegKey HKCU "${OURS}" "InstallDir"
RequestExecutionLevel user
SetCompressor /SOLID lzma
ManifestDPIAware true
ManifestSupportedOS Win10
BrandingText " "

!define MUI_ICON "${STAGE}\setupwizard.ico"
!define MUI_UNICON "${STAGE}\setupwizard.ico"
!define MUI_ABORTWARNING
!insertmacro MUI_PAGE_WELCOME
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!define MUI_FINISHPAGE_RUN "$INSTDIR\setupwizard-gui.exe"
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "SimpChinese"

LangString NAME ${LANG_ENGLISH} "PyTorch Setup"
LangString NAME ${LANG_SIMPCHINESE} "PyTorch 安装助手"
LangString OLD ${LANG_ENGLISH} "Windows 10 or newer, 64 bits, is needed. Nothing was changed."
LangString OLD ${LANG_SIMPCHINESE} "需要 64 位的 Windows 10 或更新版本。没有作任何改动。"
LangString RUNS ${LANG_ENGLISH} "PyTorch Setup is running. Close it, then try again."
LangString RUNS ${LANG_SIMPCHINESE} "PyTorch 安装助手正在运行。请先关闭它，然后重试。"
LangString OTHER ${LANG_ENGLISH} "The folder holds other files. Choose an empty folder, or one that this installer made."
LangString OTHER ${LANG_SIMPCHINESE} "该文件夹中有其他文件。请选择空文件夹，或由本安装程序创建的文件夹。"
LangString KEEP ${LANG_ENGLISH} "A PyTorch environment is in $1$\n$\nIt works without this program. Keep it?"
LangString KEEP ${LANG_SIMPCHINESE} "$1 中有一个 PyTorch 环境。$\n$\n没有本程序它也能使用。要保留它吗？"
LangString KEPT ${LANG_ENGLISH} "Kept: the PyTorch environment in $1"
LangString KEPT ${LANG_SIMPCHINESE} "已保留：$1 中的 PyTorch 环境"
LangString STAYS ${LANG_ENGLISH} "The PyTorch environment in $1 could not be removed. Close the programs that use it, then delete the folder."
LangString STAYS ${LANG_SIMPCHINESE} "无法删除 $1 中的 PyTorch 环境。请关闭正在使用它的程序，然后删除该文件夹。"

VIProductVersion "${VERSION}.0"
VIAddVersionKey /LANG=0 "ProductName" "setupwizard"
VIAddVersionKey /LANG=0 "FileDescription" "PyTorch Setup"
VIAddVersionKey /LANG=0 "FileVersion" "${VERSION}"
VIAddVersionKey /LANG=0 "ProductVersion" "${VERSION}"
VIAddVersionKey /LANG=0 "LegalCopyright" "MIT licence; Qt for Python under the LGPL, version 3"

; End when the program of an older build is running: a program that runs can be renamed but not written to.
!macro NOT_RUNNING UN
Function ${UN}NotRunning
  ${Do}
    StrCpy $0 ""
    ${If} ${FileExists} "$INSTDIR\setupwizard-gui.exe"
      ClearErrors
      FileOpen $0 "$INSTDIR\setupwizard-gui.exe" a
      ${If} ${Errors}
        StrCpy $0 "runs"
      ${Else}
        FileClose $0
      ${EndIf}
    ${EndIf}
    ${If} $0 != "runs"
      ${Break}
    ${EndIf}
    MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(RUNS)" /SD IDCANCEL IDRETRY +3
    SetErrorLevel 5
    Quit
  ${Loop}
FunctionEnd
!macroend
!insertmacro NOT_RUNNING ""
!insertmacro NOT_RUNNING "un."

; Everything that an installer put there, of any version. What else lies in the folder stays.
!macro REMOVE_FILES
  RMDir /r "$INSTDIR\python"
  RMDir /r "$INSTDIR\lib"
  RMDir /r "$INSTDIR\app"
  RMDir /r "$INSTDIR\licences"
  Delete "$INSTDIR\setupwizard*.exe"
  Delete "$INSTDIR\setupwizard*._pth"
  Delete "$INSTDIR\setupwizard*.cdx.json"
  Delete "$INSTDIR\setupwizard.ico"
  Delete "$INSTDIR\uninstall.exe"
!macroend

Function .onInit
  ${IfNot} ${AtLeastWin10}
    MessageBox MB_ICONSTOP "$(OLD)" /SD IDOK
    SetErrorLevel 3
    Quit
  ${EndIf}
FunctionEnd

Section
  ; A folder with other things in it is not ours: what an uninstaller removes has to be what an installer made.
  ${If} ${FileExists} "$INSTDIR\*.*"
  ${AndIfNot} ${FileExists} "$INSTDIR\app\start.py"
    ${GetSize} "$INSTDIR" "/G=1" $0 $1 $2
    IntOp $1 $1 + $2
    ${If} $1 > 0
      MessageBox MB_ICONSTOP "$(OTHER)" /SD IDOK
      SetErrorLevel 2
      Quit
    ${EndIf}
  ${EndIf}
  Call NotRunning
  !insertmacro REMOVE_FILES
  SetOutPath "$INSTDIR"
  File /r "${STAGE}/*"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\$(NAME).lnk" "$INSTDIR\setupwizard-gui.exe"
  WriteRegStr HKCU "${OURS}" "InstallDir" "$INSTDIR"
  WriteRegStr HKCU "${OURS}" "Shortcut" "$SMPROGRAMS\$(NAME).lnk"
  WriteRegStr HKCU "${PATHS}" "" "$INSTDIR\setupwizard.exe"
  WriteRegStr HKCU "${ENTRY}" "DisplayName" "$(NAME)"
  WriteRegStr HKCU "${ENTRY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${ENTRY}" "DisplayIcon" "$INSTDIR\setupwizard.ico"
  WriteRegStr HKCU "${ENTRY}" "Publisher" "The setupwizard engineers"
  WriteRegStr HKCU "${ENTRY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${ENTRY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${ENTRY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${ENTRY}" "EstimatedSize" ${SIZE}
  WriteRegDWORD HKCU "${ENTRY}" "NoModify" 1
  WriteRegDWORD HKCU "${ENTRY}" "NoRepair" 1
SectionEnd

!define KEPT_LIST "$TEMP\setupwizard-kept.txt"

; Ask about the environment below $1, if there is one; it is the person's work, so silence keeps it.
Function un.AskAbout
  ${IfNot} ${FileExists} "$1\*.*"
    Return
  ${EndIf}
  MessageBox MB_YESNO|MB_ICONQUESTION "$(KEEP)" /SD IDYES IDNO remove
  DetailPrint "$(KEPT)"
  ${If} ${Silent}
    FileOpen $4 "${KEPT_LIST}" a
    FileSeek $4 0 END
    FileWriteUTF16LE /BOM $4 "$(KEPT)$\r$\n"
    FileClose $4
  ${EndIf}
  Return
  remove:
  DetailPrint "$1"
  nsExec::ExecToLog '"$INSTDIR\setupwizard.exe" remove --env "$1"'
  Pop $0
  ${If} $0 != 0
    DetailPrint "$(STAYS)"
    MessageBox MB_OK|MB_ICONEXCLAMATION "$(STAYS)" /SD IDOK
  ${EndIf}
FunctionEnd

; Ask about each environment that this person made: the program knows them.
Function un.AskAboutAll
  Delete "${KEPT_LIST}"
  InitPluginsDir
  nsExec::Exec '"$INSTDIR\setupwizard.exe" _environments "$PLUGINSDIR\environments.txt"'
  Pop $0
  ClearErrors
  FileOpen $3 "$PLUGINSDIR\environments.txt" r
  ${If} ${Errors} ; a program that does not start any more: the places that it proposes
    StrCpy $1 "$WINDIR" 3
    StrCpy $1 "$1pytorch"
    ${If} ${FileExists} "$1\journal.jsonl"
      Call un.AskAbout
    ${EndIf}
    StrCpy $1 "$LOCALAPPDATA\pytorch"
    ${If} ${FileExists} "$1\journal.jsonl"
      Call un.AskAbout
    ${EndIf}
    Return
  ${EndIf}
  ${Do}
    ClearErrors
    FileReadUTF16LE $3 $1
    ${If} ${Errors}
      ${Break}
    ${EndIf}
    ${un.TrimNewLines} "$1" $1
    Call un.AskAbout
  ${Loop}
  FileClose $3
FunctionEnd

Section Uninstall
  Call un.NotRunning
  Call un.AskAboutAll
  ReadRegStr $2 HKCU "${OURS}" "Shortcut"
  ${If} $2 != ""
    Delete "$2"
  ${EndIf}
  !insertmacro REMOVE_FILES
  RMDir "$INSTDIR"
  RMDir "$LOCALAPPDATA\Programs"
  ; Logs, settings and what was remembered.
  RMDir /r "$LOCALAPPDATA\setupwizard"
  DeleteRegKey HKCU "${PATHS}"
  DeleteRegKey HKCU "${ENTRY}"
  DeleteRegKey HKCU "${OURS}"
SectionEnd

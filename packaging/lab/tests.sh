# What lane.sh runs inside the lab, by bash.
# shellcheck shell=bash
set -u
cd /project || exit 1
# The checkout is read-only in here: whatever a run writes goes to the Windows of the lab.
export HYPOTHESIS_STORAGE_DIRECTORY='C:\hypothesis'
status=0
longest=1800
# pytest's folders lie deep, deeper than an environment may without this setting; the PCs made from this Windows are as sold.
setting='HKLM\System\CurrentControlSet\Control\FileSystem'
wineserver -p
wine reg add "$setting" /v LongPathsEnabled /t REG_DWORD /d 1 /f >/dev/null 2>&1 </dev/null
trap 'wine reg delete "$setting" /v LongPathsEnabled /f >/dev/null 2>&1 </dev/null; wineserver -k
    rm -rf "$WINEPREFIX"/drive_c/users/root/AppData/Local/Temp/*' EXIT # gigabytes that each simulated PC would begin with

# Wine hands no variable on that begins with QT_, so Windows' Python sets those itself. Only offscreen asks for fonts.
start_pytest='import os, sys, pytest
os.environ.update(QT_QPA_PLATFORM=sys.argv[1], QT_QPA_FONTDIR="Z:/usr/share/fonts/truetype/dejavu")
sys.exit(pytest.main(sys.argv[2:]))'

# Usage: run NAME PLATFORM LANGUAGE PYTEST-ARGUMENT...
run() {
    local name=$1 platform=$2 language=$3 start=$SECONDS
    shift 3
    wineserver -k # the code page of a Windows is that of its first program
    LC_ALL=$language wineserver -p
    echo "--- Windows: $name"
    LC_ALL=$language timeout $longest wine 'C:\Python313\python.exe' -c "$start_pytest" "$platform" -q -n 2 --dist worksteal \
        -p no:cacheprovider --timeout 180 --junitxml "Z:\\lab\\results\\$name.xml" "$@" </dev/null >"/lab/results/$name.log" 2>&1
    local ended=$?
    # The list of skipped tests is long; the summary at the end has it by reason.
    grep -v '^SKIPPED' "/lab/results/$name.log" | tail -n 400
    echo "--- Windows: $name: $((SECONDS - start)) s"
    [ $ended != 124 ] || echo "--- Windows: $name was cut off after $longest s; what it did is not counted below."
    [ $ended = 0 ] || status=1
}

# The short lane: what depends on the system (files, processes, paths, text of old programs, the window), once each.
on_files=(tests/unit/test_store_{files,layout,activate,generation,fetch,wheels}.py tests/unit/test_{feed,room,suitable,pylock}.py)
on_programs=(tests/unit/test_{process,decoding,tools_pip_uv,runtime,redaction}.py)
on_probes=(tests/unit/test_probe_{windows,system,nvidia_smi,smi_cases,privacy}.py)
on_layout=(tests/gui/test_layout.py::test_the_usual_pages_need_no_scrolling
    "tests/gui/test_layout.py::test_nothing_of_a_page_is_cut_off["{1-start,3-build-details,4-install-error}"-pseudo-dark-1.5]")
# Generations in the folder with the harder name alone; no answers of servers and no flood of lines: they are the same everywhere.
without='not flood and not (test_store_generation and pytorch)'
without+=' and not (test_store_fetch and (server or proxy or network or clock or certificate or address))'
on_looks=(tests/gui/test_{command,tokens}.py)
on_words=(tests/windows tests/unit/test_{process,decoding}.py)

case ${1:-} in
    short)
        run unit offscreen C.UTF-8 "${on_files[@]}" "${on_programs[@]}" "${on_probes[@]}" "${on_looks[@]}" -k "$without"
        run windows-936 windows zh_CN.UTF-8 "${on_words[@]}" tests/gui/test_{program,widgets}.py "${on_layout[@]}" \
            -k "$without"
        ;;
    '')
        run unit offscreen C.UTF-8 tests/unit tests/windows
        run windows-936 windows zh_CN.UTF-8 tests/windows tests/gui --ignore tests/gui/test_access.py
        # alone: the windows of two programs at once take the focus from each other
        run windows-936-keys windows zh_CN.UTF-8 -n 0 tests/gui/test_access.py
        run gui-offscreen offscreen C.UTF-8 tests/gui
        ;;
    *) run chosen "${LANE_PLATFORM:-windows}" "${LC_ALL:-C.UTF-8}" "$@" ;;
esac
exit $status

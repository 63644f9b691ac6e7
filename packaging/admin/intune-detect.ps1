# Detection rule for Intune: exit code 0 with a line of text means "installed". It reads only.
$ErrorActionPreference = 'Stop'
$program = Join-Path $env:ProgramFiles 'setupwizard\setupwizard.exe'
if (-not (Test-Path $program)) { exit 1 }
& $program verify --scope machine --level files --exit-codes windows --quiet | Out-Null
if ($LASTEXITCODE -eq 0) {
    Write-Output 'PyTorch is installed and complete.'
    exit 0
}
exit 1

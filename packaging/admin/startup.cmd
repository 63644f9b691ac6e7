@echo off
rem Start-up script of Group Policy. Where all is done it changes nothing and ends at once.
"%ProgramFiles%\setupwizard\setupwizard.exe" apply "%~dp0plan.toml" --scope machine --exit-codes windows --quiet --log "%ProgramData%\setupwizard\startup.log"
exit /b %ERRORLEVEL%

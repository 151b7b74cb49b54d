@echo off
rem What the script "ouroboros" beside this does, for Windows.
setlocal
set "data=%CLAUDE_PLUGIN_DATA%"
if not defined data set "data=%USERPROFILE%\.ouroboros\plugin"
set "program="
for %%D in ("%PATH:;=" "%" "%data%\bin") do if not defined program call :look "%%~D"
if defined program goto run

rem The npm package, as name@version: the file is written by a release, once that package is published.
set "package="
if exist "%~dp0package" set /p package=<"%~dp0package"
if not defined package goto missing
set "place=%data%\%package:/=_%"
set "program=%place%\node_modules\.bin\ouroboros.cmd"
rem The platform's binary is started without Node.
set "binary=%place%\node_modules\ouroboros-mcp-windows-x64\bin\ouroboros.exe"
if exist "%binary%" set "program=%binary%"
if exist "%program%" goto run
if "%~1"=="card" exit /b 0
set "fresh=%place%.%RANDOM%"
mkdir "%fresh%"
pushd "%fresh%"
echo {}>package.json
call npm install --ignore-scripts --no-audit --no-fund --loglevel=error "%package%" 1>&2
popd
if exist "%fresh%\node_modules\.bin\ouroboros.cmd" if not exist "%place%" move "%fresh%" "%place%" >nul
if exist "%fresh%" rmdir /s /q "%fresh%"
if exist "%binary%" set "program=%binary%"
if exist "%program%" goto run

:missing
if "%~1"=="card" exit /b 0
>&2 echo Cannot start ouroboros: there is no such program on PATH or in %data%\bin
>&2 echo Put the binary for this platform into one of them, named "ouroboros.exe", then reconnect the server (/mcp).
>&2 echo A program of this name that is started by Python is another one, and is passed over.
exit /b 127

:run
"%program%" %*
exit /b %errorlevel%

rem Only absolute folders. What Python's installers put there under this name is a small file; ours carries a whole runtime.
:look
set "folder=%~1"
if not "%folder:~1,2%"==":\" exit /b
for %%F in ("%folder%\ouroboros.exe") do if exist "%%~F" if %%~zF gtr 10000000 set "program=%%~F"
exit /b

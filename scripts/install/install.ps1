# Installs Ouroboros @VERSION@ for this user, on Windows: PowerShell 5.1 or newer, no administrator.
#   irm @RELEASES@/download/v@VERSION@/install.ps1 | iex
#   powershell -File install.ps1 -Version 1.2.3 -To C:\Tools
# It puts one file in place, after its SHA-256 was found to be what the release says, and leaves PATH alone.
# OUROBOROS_RELEASES names another place to fetch from. A release writes this file: names between @ signs are filled in there.
param(
  [string]$Version = '@VERSION@',
  [string]$To = (Join-Path $HOME '.local\bin'),
  [switch]$Replace
)

function Install-Ouroboros {
  # Whatever goes wrong is thrown: in a window that a person has open, "exit" would close it.
  $ErrorActionPreference = 'Stop'
  # Its bar makes a download ten times as long.
  $ProgressPreference = 'SilentlyContinue'
  Set-StrictMode -Version 2
  [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12

  $wantedVersion = $Version -replace '^v', ''
  if ($wantedVersion -notmatch '^[0-9A-Za-z.+-]+$') { throw "Cannot install Ouroboros: `"$Version`" is no version" }
  $releases = '@RELEASES@'
  if ($env:OUROBOROS_RELEASES) { $releases = $env:OUROBOROS_RELEASES.TrimEnd('/') }
  # The sums come the same way as what they vouch for.
  if ($releases -notmatch '^(https://|http://(127\.0\.0\.1|localhost):)') {
    throw "Cannot install Ouroboros: only https is good enough for $releases"
  }
  # A 32-bit PowerShell tells the processor by the second name. Windows on arm64 runs the program for x64.
  $processor = $env:PROCESSOR_ARCHITECTURE
  if ($env:PROCESSOR_ARCHITEW6432) { $processor = $env:PROCESSOR_ARCHITEW6432 }
  if (@('AMD64', 'ARM64') -notcontains $processor) {
    throw "Cannot install Ouroboros: there is no program for a processor of the kind $processor"
  }
  $file = 'ouroboros-windows-x64.exe'
  $from = "$releases/download/v$wantedVersion"

  New-Item -ItemType Directory -Force -Path $To | Out-Null
  $folder = (Resolve-Path -LiteralPath $To).ProviderPath
  $goal = Join-Path $folder 'ouroboros.exe'
  # What Python's installers put there under this name is a small file; this one carries a whole runtime.
  if (-not $Replace -and (Test-Path -LiteralPath $goal) -and (Get-Item -LiteralPath $goal).Length -lt 10000000) {
    throw "Cannot install Ouroboros: $goal is another program, perhaps the Python one: choose another folder with -To, or give -Replace"
  }

  $unique = [Guid]::NewGuid().ToString('N')
  $fresh = Join-Path $folder ".ouroboros.$unique.exe"
  $sums = Join-Path $folder ".ouroboros.$unique.sums"
  try {
    Write-Host "Fetching $file $wantedVersion"
    Invoke-WebRequest -UseBasicParsing -Uri "$from/SHA256SUMS" -OutFile $sums
    $line = @(Get-Content -LiteralPath $sums | Where-Object { $_ -match ('^[0-9a-f]{64}  ' + [regex]::Escape($file) + '$') })
    if ($line.Count -ne 1) { throw "Cannot install Ouroboros: release $wantedVersion has no $file" }
    $wanted = $line[0].Substring(0, 64)
    Invoke-WebRequest -UseBasicParsing -Uri "$from/$file" -OutFile $fresh
    $actual = (Get-FileHash -Algorithm SHA256 -LiteralPath $fresh).Hash.ToLowerInvariant()
    if ($actual -ne $wanted) {
      throw "Cannot install Ouroboros: $file is not what its release says: its SHA-256 is $actual and should be $wanted"
    }
    $said = & $fresh --version
    if ($said -ne $wantedVersion) {
      throw "Cannot install Ouroboros: $file should be version $wantedVersion, and says `"$said`""
    }
    # A program that runs cannot be removed, and yet renamed; it goes with the next update.
    if (Test-Path -LiteralPath $goal) {
      $old = Join-Path $folder ".ouroboros.exe.update-old-$unique"
      Move-Item -LiteralPath $goal -Destination $old
      try { Move-Item -LiteralPath $fresh -Destination $goal }
      catch { Move-Item -LiteralPath $old -Destination $goal; throw }
      Remove-Item -LiteralPath $old -Force -ErrorAction SilentlyContinue
    }
    else { Move-Item -LiteralPath $fresh -Destination $goal }
  }
  finally {
    foreach ($left in @($fresh, $sums)) {
      if (Test-Path -LiteralPath $left) { Remove-Item -LiteralPath $left -Force -ErrorAction SilentlyContinue }
    }
  }
  Write-Host "Installed $goal, version $wantedVersion"

  $call = 'ouroboros'
  $found = @(Get-Command -Name ouroboros -CommandType Application -ErrorAction SilentlyContinue)
  if (@($env:Path -split ';' | ForEach-Object { $_.TrimEnd('\') }) -notcontains $folder.TrimEnd('\')) {
    $call = "& '$goal'"
    Write-Host ''
    Write-Host 'To be able to call it by its name, run this once, then open a new window:'
    Write-Host "  [Environment]::SetEnvironmentVariable('Path', '$folder;' + [Environment]::GetEnvironmentVariable('Path', 'User'), 'User')"
    if ($found.Count -gt 0) { Write-Host "(Until then `"ouroboros`" is another program: $($found[0].Source))" }
  }
  elseif ($found.Count -gt 0 -and $found[0].Source -ne $goal) {
    Write-Host ''
    Write-Host "Another program comes first on your PATH: $($found[0].Source)"
    Write-Host "Remove it, or put $folder before its folder."
  }
  Write-Host ''
  Write-Host 'Next, tell your coding agents about it:'
  Write-Host "  $call setup"
}

# At the very end, so that a script that was cut on its way does nothing.
Install-Ouroboros

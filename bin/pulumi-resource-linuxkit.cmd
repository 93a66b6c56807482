@node "%~dp0pulumi-resource-linuxkit" %*

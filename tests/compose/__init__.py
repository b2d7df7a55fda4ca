"""A package, unlike the other folders: only so does a fixture of package scope end with this folder's last test."""

"""The whole state as a file for payroll and workforce tools: CSV, JSON lines, XLSX; a folder or SFTP."""

from workers.targets.file.target import ADAPTER

__all__ = ["ADAPTER"]

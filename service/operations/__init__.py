"""What can be asked of a bridge, and decided: plan, sync, explain, status, holds, failures, forget, check."""

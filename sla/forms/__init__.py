"""What people type into the screens of sla."""

"""Calculators: the services' own rules, asked by hand. They read no store and call no installation."""

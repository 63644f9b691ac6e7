"""The way of the data, one verb a module. Steps do not import each other; the workflow joins them."""

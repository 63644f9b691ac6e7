"""The way of the data, one verb a module. Beside a verb stands what it is made of; the workflow joins the verbs."""

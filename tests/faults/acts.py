"""x"""

ACTED = ()

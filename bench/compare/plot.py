"""plot: stub"""
def write(outcome):
    pass

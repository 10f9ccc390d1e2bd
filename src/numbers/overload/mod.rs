//! What too much load does: whether retries keep a node down once it has failed, and whose threads a hanging call takes.

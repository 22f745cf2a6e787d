"""Files of long lists: asked for on a page, made by a worker, downloaded once they are ready."""

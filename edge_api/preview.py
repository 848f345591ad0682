"""A folder whose open pages reload when they are published anew: for a host who edits, never for guests.

The pages' own policy lets this in: a script and a request of the same origin.
"""

from guestlink.storage import Folder, Stored, body_tag

PAGES = "w/_/"
SCRIPT_PATH = "/api/preview/reload.js"
VERSIONS_PATH = "/api/preview/versions"
SCRIPT = f"""const {{ page, version }} = document.currentScript.dataset;
setInterval(async () => {{
  if (document.hidden) return;
  try {{
    const answer = await fetch("{VERSIONS_PATH}/" + page, {{ cache: "no-store" }});
    if (answer.ok && (await answer.text()) !== version) location.reload();
  }} catch {{
    // The edge is being started again.
  }}
}}, 700);
"""


class PreviewFolder(Folder):
    """Gives pages with one more script, which knows the version it came with."""

    def get(self, path: str) -> Stored:
        stored = super().get(path)
        if not path.startswith(PAGES):
            return stored
        known = f'data-page="{path}" data-version="{stored.etag}"'
        body = stored.body + f'<script async src="{SCRIPT_PATH}" {known}></script>'.encode()
        return Stored(path, body_tag(body), len(body), body)

    def version(self, path: str) -> str:
        """The entity tag of the page as it was published; NotFound when it is not there."""
        return super().get(path).etag

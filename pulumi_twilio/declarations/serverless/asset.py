"""Asset: a file that Twilio serves, or that functions read."""

from pulumi_twilio.declarations.serverless.file import file_declaration
from pulumi_twilio.declarations.serverless.versions import ASSET_FILE

ASSET = file_declaration(
    ASSET_FILE,
    doc=(
        "A static file beside the functions. A changed file, path or visibility is a new version "
        "of the same asset. Twilio does not give an asset's content back: one replaced by hand "
        "shows as replaced, and an import takes the program's file as being the one deployed."
    ),
    path_example="/greeting.txt",
    text_example="Good morning\n",
    assumed="The newest version is the one the next build is meant to have.",
)

"""Function: a JavaScript file that Twilio runs."""

from pulumi_twilio.declarations.serverless.file import file_declaration
from pulumi_twilio.declarations.serverless.versions import FUNCTION_FILE

FUNCTION = file_declaration(
    FUNCTION_FILE,
    doc=(
        "A Twilio Function: one JavaScript file. A changed file, path or visibility is a new "
        "version of the same function; an unchanged one costs no request."
    ),
    path_example="/hello",
    text_example="exports.handler = (context, event, callback) => callback(null, 'hello');\n",
    assumed="The content read back has the very bytes that were uploaded.",
)

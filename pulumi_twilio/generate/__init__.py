"""Write what follows from the declarations: schema, typed classes, reference pages.

Run `python -m pulumi_twilio.generate` after changing a declaration and commit the result;
`--check` only tells whether anything is out of date.
"""

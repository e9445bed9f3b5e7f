"""What TaskRouter expressions say of attributes, decided locally.

expression = parse_expression("orchestration == 'custom' OR campaign HAS 'autumn'")
expression.answer({"orchestration": "custom"})      # Answer.MATCH
expression.roots                                    # {"orchestration", "campaign"}
"""

from taskrouter_ops.expressions.answers import Answer
from taskrouter_ops.expressions.evaluation import Expression, parse_expression

__all__ = ["Answer", "Expression", "parse_expression"]

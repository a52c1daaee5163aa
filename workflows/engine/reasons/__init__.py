"""Why a case has not come further: rule, fact, source, article, and what would let it pass."""

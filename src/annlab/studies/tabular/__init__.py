"""Studies of tables and of monthly series: classification, relevance of inputs, city temperatures."""

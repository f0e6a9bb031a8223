//! Floor 1: findings about a text, and how they are shown.

"""What lives inside MongoDB Atlas (Doc-DA-002 section 3.1): collections, validators, indexes, data migrations."""

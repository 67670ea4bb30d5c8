"""Diagnosis of a broker and the services on it: observations (:mod:`.looking`) and findings (:mod:`.findings`)."""

"""Diagnosis of a broker and the services on it: observations (:mod:`.looking`), findings (:mod:`.diagnosis`)."""

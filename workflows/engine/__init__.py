"""What is true of any BPMN process, whatever the organisation."""

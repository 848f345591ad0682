"""The ground floor: what both the compile journey and the message journey stand on."""

RELEASE "step";

using Zurg.Cli;
using Zurg.Cli.Rendering;

var screen = Screen.OfProcess();
return await CommandLine.RunAsync(args, screen, Surroundings.OfProcess());

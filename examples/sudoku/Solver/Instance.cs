namespace Sudoku.Solver;

/// <summary>Who answers: the instance and its release, as the agent that started this process names them.</summary>
internal sealed record Instance(string Id, string Release)
{
    /// <summary>Started by hand, there is no agent: then the process id and the version built in say it.</summary>
    public static Instance FromEnvironment() => new(
        Environment.GetEnvironmentVariable("ZURG_INSTANCE") ?? $"pid {Environment.ProcessId}",
        Environment.GetEnvironmentVariable("ZURG_RELEASE") ?? Solver.Release.Version);
}

namespace Zurg.Cli;

/// <summary>What a script may trust (DESIGN.md section 5).</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>Refused or failed.</summary>
    public const int Failed = 1;

    public const int BadUsage = 2;

    /// <summary>Of 'zurg exec', whose other codes are the command's: it was not run, or it was cut off.</summary>
    public const int NotRun = 255;

    /// <summary>Ctrl-C: 128 + SIGINT, as shells count.</summary>
    public const int Interrupted = 130;
}

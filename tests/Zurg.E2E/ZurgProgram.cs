using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;

namespace Zurg.E2E;

/// <summary>How one call of zurg ended.</summary>
internal sealed record Ran(int ExitCode, string Output, string Errors)
{
    public override string ToString() => $"exit code {ExitCode}\n{Output}\n{Errors}";
}

/// <summary>The launcher of this checkout, called as people call it.</summary>
internal static class ZurgProgram
{
    /// <summary>Long enough for a launcher that has to build first on a busy machine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public static string Root { get; } = FindRoot();

    public static string Launcher { get; } = Path.Combine(Root, "zurg");

    /// <param name="program">Another build than the launcher's.</param>
    public static Process Start(
        string directory, IEnumerable<string> arguments, ImmutableArray<(string Name, string Value)> environment = default,
        string? program = null)
    {
        var start = new ProcessStartInfo(program ?? Launcher, arguments)
        {
            WorkingDirectory = directory,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        // A cluster that the person who runs the tests has named must not be met.
        start.Environment.Remove("ZURG_MASTER");
        start.Environment.Remove("ZURG_TOKEN_FILE");
        start.Environment["ZURG_AUTHOR"] = "e2e";
        foreach (var (name, value) in environment.IsDefault ? [] : environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    public static Task<Ran> RunAsync(string directory, params string[] arguments) =>
        RunAsync(directory, arguments, CancellationToken.None);

    /// <param name="stop">Ends the program at once.</param>
    /// <exception cref="TimeoutException">It was ended, or took too long.</exception>
    public static async Task<Ran> RunAsync(string directory, string[] arguments, CancellationToken stop)
    {
        using var process = Start(directory, arguments);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(Patience);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(patience.Token);
            var errors = process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return new Ran(process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException e)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"zurg {string.Join(' ', arguments)} did not end within {Patience}", e);
        }
    }

    /// <summary>Keeps what a process says, so that a failed test can show it.</summary>
    public static StringBuilder Collect(Process process)
    {
        var said = new StringBuilder();
        process.OutputDataReceived += (_, line) => Append(line.Data);
        process.ErrorDataReceived += (_, line) => Append(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return said;

        void Append(string? line)
        {
            lock (said)
            {
                said.AppendLine(line);
            }
        }
    }

    private static string FindRoot()
    {
        for (var at = AppContext.BaseDirectory; at is not null; at = Path.GetDirectoryName(at))
        {
            if (File.Exists(Path.Combine(at, "Zurg.slnx")))
            {
                return at;
            }
        }

        throw new InvalidOperationException("the tests do not run inside the checkout");
    }
}

using System.Globalization;
using System.Text;

namespace Zurg.Core;

/// <summary>Where the kernel puts a core dump: what core(5) makes of /proc/sys/kernel/core_pattern.</summary>
public abstract record CorePattern
{
    private CorePattern()
    {
    }

    /// <summary>In a directory, under a name of which some is known.</summary>
    /// <param name="Directory">Absolute; an asterisk in it stands for what is not known.</param>
    /// <param name="Name">An asterisk stands for what is not known.</param>
    public sealed record InFile(string Directory, string Name) : CorePattern;

    /// <summary>Into a program's standard input.</summary>
    /// <param name="Program">Its path.</param>
    public sealed record Piped(string Program) : CorePattern;

    /// <summary>Nowhere: the pattern is empty.</summary>
    public sealed record None : CorePattern;

    /// <param name="pattern">The text of core_pattern.</param>
    /// <param name="usesPid">core_uses_pid is not 0: the pid is appended to a pattern without %p.</param>
    /// <param name="workingDirectory">The process's: a pattern without a slash is a file there.</param>
    public static CorePattern Of(string pattern, bool usesPid, int pid, int signal, string workingDirectory)
    {
        pattern = pattern.TrimEnd('\n');
        if (pattern is ['|', ..])
        {
            return new Piped(pattern[1..].Split(' ')[0]);
        }

        if (pattern.Length == 0 && !usesPid)
        {
            return new None();
        }

        var path = Expand(pattern, usesPid, pid, signal);
        path = path is ['/', ..] ? path : $"{workingDirectory}/{path}";
        var slash = path.LastIndexOf('/');
        return new InFile(path[..slash], path[(slash + 1)..]);
    }

    private static string Expand(string pattern, bool usesPid, int pid, int signal)
    {
        var text = new StringBuilder();
        var namesPid = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] != '%')
            {
                text.Append(pattern[i]);
                continue;
            }

            // A percent sign at the end is dropped by the kernel, and so is one before a letter that it does not know.
            i++;
            namesPid |= i < pattern.Length && pattern[i] == 'p';
            text.Append(i == pattern.Length ? "" : pattern[i] switch
            {
                '%' => "%",
                'p' => pid.ToString(CultureInfo.InvariantCulture),
                's' => signal.ToString(CultureInfo.InvariantCulture),
                'P' or 'i' or 'I' or 'u' or 'g' or 'd' or 't' or 'h' or 'e' or 'f' or 'E' or 'c' or 'C' or 'F' => "*",
                _ => "",
            });
        }

        if (usesPid && !namesPid)
        {
            text.Append(CultureInfo.InvariantCulture, $".{pid}");
        }

        return text.ToString();
    }
}

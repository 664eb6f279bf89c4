using System.Text;

namespace Zurg.Agent.Measuring;

/// <summary>/proc/self/mountinfo (proc_pid_mountinfo(5)): on which mount a path lies.</summary>
internal sealed class MountTable(string text)
{
    private const int MountPointField = 4;

    // Later lines cover earlier ones: of several mounts on one point the last counts.
    private readonly string[] _mounts =
    [
        .. text.Split('\n').Select(l => l.Split(' ')).Where(f => f.Length > MountPointField)
            .Select(f => Unescape(f[MountPointField])).Distinct(StringComparer.Ordinal)
            .OrderByDescending(m => m.Length),
    ];

    /// <param name="path">Absolute, without links in it.</param>
    public string MountOf(string path) =>
        Array.Find(_mounts, m => m == "/" || path == m || path.StartsWith(m + "/", StringComparison.Ordinal)) ?? "/";

    /// <summary>Blank, tab, newline and backslash are written as \040, \011, \012 and \134.</summary>
    private static string Unescape(string field)
    {
        var text = new StringBuilder(field.Length);
        for (var i = 0; i < field.Length; i++)
        {
            if (field[i] == '\\' && i + 3 < field.Length && field.AsSpan(i + 1, 3).IndexOfAnyExceptInRange('0', '7') < 0)
            {
                text.Append((char)Convert.ToInt32(field.Substring(i + 1, 3), 8));
                i += 3;
            }
            else
            {
                text.Append(field[i]);
            }
        }

        return text.ToString();
    }
}

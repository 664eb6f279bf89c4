using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Agent.Journal;

/// <summary>
/// The agent's epoch beside the journal: a journal that was lost to damage must not make the agent look older than it was, or
/// masters would refuse it for ever.
/// </summary>
internal static class EpochFile
{
    private const string Name = "journal.epoch";

    /// <summary>0 when there is none, or none that can be read.</summary>
    public static Epoch Read(string directory)
    {
        var path = Path.Combine(directory, Name);
        return File.Exists(path) && Epoch.TryParse(File.ReadAllText(path).Trim(), CultureInfo.InvariantCulture, out var epoch)
            ? epoch
            : default;
    }

    /// <summary>On the disk when it returns.</summary>
    public static void Write(string directory, Epoch epoch)
    {
        var path = Path.Combine(directory, Name);
        using (var file = File.Create(path + ".new"))
        {
            file.Write(System.Text.Encoding.ASCII.GetBytes(epoch.ToString()));
            file.Flush(true);
        }

        File.Move(path + ".new", path, true);
    }
}

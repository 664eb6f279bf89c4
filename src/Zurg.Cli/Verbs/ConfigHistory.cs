using System.Collections.Immutable;
using System.Globalization;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

/// <summary>zurg history --config: the texts that generated files had, and the difference of two.</summary>
internal static class ConfigHistory
{
    /// <param name="diff">FROM..TO, one number, or empty for the newest; null: the list.</param>
    public static async Task<int> RunAsync(MasterClient master, VerbCall call, string subject, string? diff, int limit, bool json)
    {
        var (service, instance) = Target.Parse(subject);
        var versions = new List<ConfigVersion>();
        foreach (var one in instance is { } named ? [named] : await InstancesOfAsync(master, service, call.Stop))
        {
            versions.AddRange(await master.ConfigsAsync(one, call.Stop));
        }

        if (diff is not null)
        {
            return await DiffAsync(master, call, versions, diff, json);
        }

        ImmutableArray<ConfigVersion> shown =
            [.. versions.OrderByDescending(v => v.At).ThenByDescending(v => v.Number).Take(limit)];
        if (json)
        {
            call.Screen.Json(shown);
        }
        else
        {
            call.Screen.Show(ConfigView.Versions(shown, call.Now));
        }

        return ExitCode.Done;
    }

    private static async Task<ImmutableArray<InstanceId>> InstancesOfAsync(
        MasterClient master, ServiceName service, CancellationToken stop)
    {
        var explained = await master.ExplainAsync(service, stop);
        return [.. explained.Status.Instances.Select(i => i.Instance).Distinct()];
    }

    private static async Task<int> DiffAsync(MasterClient master, VerbCall call, List<ConfigVersion> all, string diff, bool json)
    {
        var (older, newer) = Chosen(all, diff);
        var before = older is null ? "" : (await master.ConfigAsync(older.Instance, older.Number, call.Stop)).Text;
        var after = (await master.ConfigAsync(newer.Instance, newer.Number, call.Stop)).Text;
        var oldName = older is null ? "/dev/null" : ConfigView.NameOf(older);
        var lines = UnifiedDiff.Of(oldName, ConfigView.NameOf(newer), before, after);
        if (json)
        {
            call.Screen.Json(lines);
        }
        else
        {
            call.Screen.Show(ConfigView.Diff(lines));
            if (lines.IsEmpty)
            {
                call.Screen.Note("the two versions have the same text");
            }
        }

        return ExitCode.Done;
    }

    /// <summary>One version is compared with the one before it of the same file.</summary>
    private static (ConfigVersion? Older, ConfigVersion Newer) Chosen(List<ConfigVersion> all, string diff)
    {
        if (all.Count == 0)
        {
            throw new VerbFailedException("no file was generated here yet", "templates: in cluster.yaml say which files are");
        }

        if (all.Select(v => v.Instance).Distinct().Skip(1).Any())
        {
            throw new VerbFailedException(
                "--diff needs one instance: each host numbers its own versions",
                $"for example: zurg history --config {all[0].Instance} --diff",
                ExitCode.BadUsage);
        }

        var parts = diff.Split("..");
        var newer = parts[^1].Length == 0 ? all[0] : Find(all, parts[^1]);
        var older = parts.Length > 1 && parts[0].Length > 0
            ? Find(all, parts[0])
            : all.Where(v => v.File == newer.File && v.Number < newer.Number).MaxBy(v => v.Number);
        return (older, newer);
    }

    private static ConfigVersion Find(List<ConfigVersion> all, string text) =>
        !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? throw new VerbFailedException(
                $"'{text}' is no version's number", "write --diff, --diff 7 or --diff 5..7", ExitCode.BadUsage)
            : all.Find(v => v.Number == number)
                ?? throw new VerbFailedException(
                    $"there is no version {number}", $"zurg history --config {all[0].Instance} lists those that are kept");
}

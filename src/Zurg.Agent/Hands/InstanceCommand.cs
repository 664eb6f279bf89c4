using System.Collections.Immutable;
using Zurg.Core;

namespace Zurg.Agent.Hands;

/// <summary>A command beside an instance's process: its program is in the release, or where a shell looks.</summary>
internal static class InstanceCommand
{
    /// <param name="release">The directory of the release that the instance runs.</param>
    /// <returns>Empty when the command is; the first part is an absolute path.</returns>
    public static ImmutableArray<string> Of(
        ImmutableArray<string> command, ImmutableSortedDictionary<string, string> values, string release, Launch launch)
    {
        var replaced = command.Select(part => Variables.Replace(part, values) is Replacement.Done done ? done.Text : part);
        if (replaced.ToImmutableArray() is not [var program, .. var args])
        {
            return [];
        }

        var path = launch.Env.GetValueOrDefault("PATH", Preparation.Path);
        var found = (program.Contains('/') ? [release] : path.Split(':').Prepend(release))
            .Select(place => Path.Combine(place, program)).FirstOrDefault(File.Exists);
        return [found ?? Path.Combine(release, program), .. args];
    }
}

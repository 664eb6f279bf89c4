using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>With whose rights a process runs (credentials(7)).</summary>
/// <param name="Name">For people.</param>
/// <param name="Groups">Further ones.</param>
public sealed record ProcessRights(string Name, uint User, uint Group, ImmutableArray<uint> Groups)
{
    /// <summary>It may look into every directory and read every file; the kernel may still take that from it.</summary>
    public bool IsRoot => User == 0;
}

/// <summary>One file or directory on the way to another, links followed.</summary>
/// <param name="Mode">The permission bits, as chmod(1) counts them.</param>
/// <param name="HasList">An access control list (acl(5)) says more than the bits do.</param>
public sealed record PathStep(string Path, uint Owner, uint Group, int Mode, bool HasList = false);

/// <param name="Asked">What was asked for, as it was written.</param>
/// <param name="Steps">From the root directory on; the last is the file itself, if all could be looked at.</param>
/// <param name="IsWhole">It leads to what was asked for.</param>
public sealed record PathWay(string Asked, ImmutableArray<PathStep> Steps, bool IsWhole);

/// <summary>
/// Whether a user may run a program and be in a directory, from the modes of everything on the way (path_resolution(7)): the
/// kernel would say no only when nobody is left to tell why. Where the bits do not say all, nothing speaks against it.
/// </summary>
public static class AccessDecision
{
    private const int Read = 4;
    private const int Execute = 1;

    /// <param name="program">The executable.</param>
    /// <param name="interpreter">What its #! line names; null for a program of its own.</param>
    /// <param name="directory">The working directory.</param>
    /// <returns>Null when nothing speaks against it.</returns>
    public static Hold? HoldOf(ProcessRights who, PathWay program, PathWay? interpreter, PathWay directory) =>
        OfProgram(who, program, interpreter is null ? Execute : Read | Execute)
            ?? (interpreter is null ? null : OfProgram(who, interpreter, Execute))
            ?? OfDirectory(who, directory);

    private static Hold? OfProgram(ProcessRights who, PathWay way, int needed)
    {
        if (OfWay(who, way, "run") is { } hold)
        {
            return hold;
        }

        if (!way.IsWhole || Lacks(who, way.Steps[^1], needed) is not (> 0 and var missing))
        {
            return null;
        }

        var step = way.Steps[^1];
        var verb = (missing & Execute) != 0 ? "execute" : "read";
        var why = verb == "read" ? ", and a script is read by its interpreter" : "";
        return Held(
            $"the user '{who.Name}' may not {verb} {Shown(way, step)}{why}",
            $"chmod {ClassOf(who, step)}+{(needed == Execute ? "x" : "rx")} {step.Path}, or correct user: or run:");
    }

    private static Hold? OfDirectory(ProcessRights who, PathWay way)
    {
        if (OfWay(who, way, "be in") is { } hold)
        {
            return hold;
        }

        return way.IsWhole && Lacks(who, way.Steps[^1], Execute) > 0
            ? Held($"the user '{who.Name}' may not enter its working directory {Shown(way, way.Steps[^1])}",
                $"chmod {ClassOf(who, way.Steps[^1])}+x {way.Steps[^1].Path}, or correct user: or working_directory:")
            : null;
    }

    private static Hold? OfWay(ProcessRights who, PathWay way, string aim)
    {
        var directories = way.IsWhole ? way.Steps[..^1] : way.Steps;
        var shut = directories.Where(step => Lacks(who, step, Execute) > 0).DistinctBy(step => step.Path).ToList();
        if (shut.Count == 0)
        {
            return null;
        }

        var more = shut.Count == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $" nor {shut.Count - 1} more below it");
        var opened = string.Join(" && ", shut.Select(step => $"chmod {ClassOf(who, step)}+x {step.Path}"));
        return Held(
            $"the user '{who.Name}' cannot {aim} {way.Asked}: it may not enter {shut[0].Path} ({Words(shut[0])}){more}",
            $"{opened}, or keep what this user needs elsewhere (zurg agent --dir)");
    }

    /// <summary>Only the first class that fits counts: an owner without a right does not have it as one of the others.</summary>
    private static int Lacks(ProcessRights who, PathStep step, int needed)
    {
        if (who.IsRoot)
        {
            // Of a directory root needs no bit; of a file any one for execution, and that is looked at elsewhere.
            return 0;
        }

        var granted = ClassOf(who, step) switch { 'u' => step.Mode >> 6, 'g' => step.Mode >> 3, _ => step.Mode };
        return step.HasList && ClassOf(who, step) != 'u' ? 0 : needed & ~granted;
    }

    private static char ClassOf(ProcessRights who, PathStep step) =>
        step.Owner == who.User ? 'u' : step.Group == who.Group || who.Groups.Contains(step.Group) ? 'g' : 'o';

    private static string Shown(PathWay way, PathStep step) =>
        way.Asked == step.Path ? $"{step.Path} ({Words(step)})" : $"{way.Asked}, which is {step.Path} ({Words(step)})";

    private static string Words(PathStep step) => string.Create(
        CultureInfo.InvariantCulture,
        $"mode {Convert.ToString(step.Mode, 8).PadLeft(4, '0')}, of user {step.Owner} and group {step.Group}");

    private static Hold Held(string text, string mend) => new(HoldReason.AccessDenied, text, mend);
}

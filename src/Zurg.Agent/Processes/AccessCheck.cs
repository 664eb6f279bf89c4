using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Processes;

/// <summary>Gathers what <see cref="AccessDecision"/> needs to know about a start.</summary>
internal static class AccessCheck
{
    /// <summary>As many links on one way as the kernel follows (path_resolution(7)).</summary>
    private const int LinksMax = 40;

    private const int KindMask = 0xF000;
    private const int LinkKind = 0xA000;
    private const int PermissionMask = 0xFFF;

    /// <param name="interpreter">What the #! line of its program names.</param>
    /// <returns>Null when nothing speaks against it.</returns>
    public static Hold? ProblemOf(Credentials who, SpawnRequest request, string? interpreter)
    {
        // The agent's own rights beyond the modes may be its processes', too; those of another user never are.
        var rights = RightsOf(who);
        if (rights.IsRoot || (who.Account is null && HostLimits.IsBeyondModes))
        {
            return null;
        }

        // Lists are rare, and looking for them takes as long as all the rest: only a refusal is worth it.
        return Decide(lists: false) is null ? null : Decide(lists: true);

        Hold? Decide(bool lists) => AccessDecision.HoldOf(
            rights,
            WayTo(request.Executable, lists),
            interpreter is null ? null : WayTo(interpreter, lists),
            WayTo(request.WorkingDirectory, lists));
    }

    /// <summary>What is on the way to an absolute path.</summary>
    /// <param name="lists">Whether to look for access control lists, too.</param>
    public static PathWay WayTo(string path, bool lists)
    {
        var steps = ImmutableArray.CreateBuilder<PathStep>();
        var rest = new Stack<string>();
        var (at, links) = ("/", 0);
        Push(path);
        var seen = Libc.Look(at, out var look);
        Add(at);
        while (seen && rest.TryPop(out var name))
        {
            var next = name == ".." ? Path.GetDirectoryName(at) ?? "/" : Path.Combine(at, name);
            seen = Libc.Look(next, out look);
            if (seen && (look.Mode & KindMask) == LinkKind)
            {
                seen = ++links <= LinksMax && new FileInfo(next).LinkTarget is { } target && Follow(target);
            }
            else if (seen)
            {
                Add(next);
                at = next;
            }
        }

        return new PathWay(path, steps.DrainToImmutable(), seen);

        void Add(string one) => steps.Add(
            new PathStep(one, look.User, look.Group, look.Mode & PermissionMask, lists && Libc.HasAccessList(one)));

        bool Follow(string target)
        {
            at = target.StartsWith('/') ? "/" : at;
            Push(target);
            return true;
        }

        void Push(string parts)
        {
            foreach (var part in parts.Split('/').Reverse().Where(p => p is not ("" or ".")))
            {
                rest.Push(part);
            }
        }
    }

    private static ProcessRights RightsOf(Credentials who) => who.Account is { } account
        ? new ProcessRights(account.Name, account.User, account.Group, who.Groups)
        : new ProcessRights(who.Name, Libc.EffectiveUser(), Libc.EffectiveGroup(), Libc.OwnGroups());
}

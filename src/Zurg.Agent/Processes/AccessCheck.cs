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

    /// <summary>Null when nothing speaks against it.</summary>
    public static Hold? ProblemOf(Credentials who, SpawnRequest request)
    {
        // The agent's own rights beyond the modes may be its processes', too; those of another user never are.
        var rights = RightsOf(who);
        if (rights.IsRoot || (who.Account is null && HostLimits.IsBeyondModes))
        {
            return null;
        }

        var interpreter = ExecutableCheck.InterpreterOf(request.Executable) is { } named ? WayTo(named) : null;
        return AccessDecision.HoldOf(rights, WayTo(request.Executable), interpreter, WayTo(request.WorkingDirectory));
    }

    /// <summary>What is on the way to an absolute path.</summary>
    public static PathWay WayTo(string path)
    {
        var steps = ImmutableArray.CreateBuilder<PathStep>();
        var rest = new Stack<string>();
        var (at, links) = ("/", 0);
        Push(path);
        var seen = Libc.Look(at, out var look);
        steps.Add(new PathStep(at, look.User, look.Group, look.Mode & PermissionMask, Libc.HasAccessList(at)));
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
                steps.Add(new PathStep(next, look.User, look.Group, look.Mode & PermissionMask, Libc.HasAccessList(next)));
                at = next;
            }
        }

        return new PathWay(path, steps.DrainToImmutable(), seen);

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

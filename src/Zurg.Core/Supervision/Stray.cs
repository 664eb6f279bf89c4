using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// Processes of one incarnation that a starting agent found by their environment. Those that its journal knows are no strays; the
/// others tell of a journal that was lost, cut or put back from a backup.
/// </summary>
/// <param name="Process">Its main process; null when only others of it are left.</param>
/// <param name="Age">How long that has run.</param>
/// <param name="Spec">The digest that it was started with (ZURG_SPEC); null when it says none.</param>
/// <param name="Launch">As far as its environment and command line show it.</param>
/// <param name="OutputIsLost">Its output goes to a file that was deleted: nobody can read it before it is started again.</param>
public sealed record Stray(
    InstanceId Instance,
    Incarnation Incarnation,
    ProcessIdentity? Process,
    TimeSpan Age,
    Digest? Spec,
    Launch Launch,
    bool OutputIsLost);

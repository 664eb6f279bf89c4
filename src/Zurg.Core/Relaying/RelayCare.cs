namespace Zurg.Core;

/// <summary>How far a carried connection is.</summary>
/// <param name="Listed">The newest set still has its endpoint.</param>
/// <param name="Said">A byte went through it, either way.</param>
/// <param name="ServerLast">The last bytes were the service's: nothing that it was told of is without a word.</param>
/// <param name="Between">It is HTTP/1.1, and every request was answered in full.</param>
/// <param name="TurnsKnown">It is HTTP/1.1: silence means nothing.</param>
/// <param name="Silent">Since the last byte, either way.</param>
public readonly record struct RelayTalk(
    bool Listed, bool Said, bool ServerLast, bool Between, bool TurnsKnown, TimeSpan Silent);

/// <summary>What is done with a carried connection.</summary>
public enum RelayStep
{
    Keep,

    /// <summary>Its end at the service is given up; the next request is carried to another instance.</summary>
    Detach,

    /// <summary>Nothing was said yet: it is carried to another instance at once, which may be the one to speak first.</summary>
    Move,

    /// <summary>Both ends are told that it is over.</summary>
    Close,
}

/// <summary>What becomes of a connection whose endpoint is not listed any more. Nothing is cut that is under way.</summary>
public static class RelayCare
{
    /// <summary>
    /// Of a protocol that is not known: silence for so long after a word of the service counts as idle. Longer than pauses
    /// within an answer usually are, much shorter than the usual limit of a drain.
    /// </summary>
    public static readonly TimeSpan IdleAfter = TimeSpan.FromSeconds(3);

    public static RelayStep Next(RelayTalk talk) => talk switch
    {
        { Listed: true } => RelayStep.Keep,
        { Between: true } => RelayStep.Detach,
        { Said: false } => RelayStep.Move,
        { TurnsKnown: false, ServerLast: true } when talk.Silent >= IdleAfter => RelayStep.Close,
        _ => RelayStep.Keep,
    };
}

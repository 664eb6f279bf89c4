namespace Zurg.Protocol;

/// <param name="Release">A version of the release that the service has now, or NAME@VERSION.</param>
public sealed record RolloutStart(string Release);

/// <summary>A release was written into the newest spec, or one that was taken back is to be tried again.</summary>
/// <param name="Spec">The newest spec by now.</param>
/// <param name="After">The newest rollout before: the one that was started has a higher number. 0: there was none.</param>
/// <param name="Text">What happens now, in one sentence.</param>
public sealed record RolloutStarted(SpecNumber Spec, long After, string Text);

/// <param name="Why">In the person's words, at most 200 characters of them are kept.</param>
public sealed record HostDrain(string? Why = null);

/// <param name="Why">In the person's words; null: none.</param>
public sealed record HostLoss(string? Why = null);

/// <summary>An action of a person was written down; what follows is the decider's.</summary>
public sealed record ActionAccepted(string Text);

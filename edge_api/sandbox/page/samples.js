// A photo and a voice message made on the spot, so that nobody has to look for a file.
export function samplePhoto() {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 420 });
  const brush = canvas.getContext("2d");
  const fill = (colour, ...points) => {
    brush.fillStyle = colour;
    brush.beginPath();
    for (const [x, y] of points) brush.lineTo(x, y);
    brush.fill();
  };
  fill("#dce6e4", [0, 0], [640, 0], [640, 240], [0, 240]);
  fill("#f2d9a5", [500, 60], [540, 60], [540, 100], [500, 100]);
  fill("#8fb0a6", [0, 190], [150, 120], [300, 190], [460, 140], [640, 200], [640, 250], [0, 250]);
  fill("#5d8792", [0, 240], [640, 240], [640, 420], [0, 420]);
  fill("#f7f2e8", [270, 300], [330, 150], [330, 300]);
  fill("#b9543f", [230, 305], [400, 305], [370, 340], [260, 340]);
  brush.fillStyle = "#24333a";
  brush.font = "22px system-ui";
  brush.fillText(new Date().toLocaleTimeString("en-GB"), 24, 396);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.8));
}

// A short hum. Firefox records Ogg, others MP4; WhatsApp takes both.
export async function sampleVoice(seconds = 0.8) {
  const type = ["audio/ogg;codecs=opus", "audio/mp4;codecs=opus", "audio/mp4"].find((each) => MediaRecorder.isTypeSupported(each));
  if (!type) throw new Error("This browser records neither Ogg nor MP4. Attach a file instead.");
  const sound = new AudioContext();
  const [hum, loudness, sink] = [sound.createOscillator(), sound.createGain(), sound.createMediaStreamDestination()];
  hum.frequency.setValueAtTime(180, sound.currentTime);
  hum.frequency.linearRampToValueAtTime(240, sound.currentTime + seconds);
  loudness.gain.value = 0.3;
  hum.connect(loudness).connect(sink);
  const recorder = new MediaRecorder(sink.stream, { mimeType: type });
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const over = new Promise((done) => { recorder.onstop = done; });
  hum.start();
  recorder.start();
  setTimeout(() => recorder.stop(), seconds * 1000);
  await over;
  await sound.close();
  return new Blob(parts, { type: type.split(";")[0] });
}

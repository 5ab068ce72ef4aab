/**
 * What people draw on an ordinary day, and words that only sound like others: none of it is for adults alone. Two hundred,
 * in the languages that are read.
 */
export const INNOCENT = `
a fox on blue
a happy cactus in a pot
a lighthouse at dusk, oil painting
portrait of an old fisherman, dramatic light
a cup of coffee on a wooden table, steam
isometric living room, low poly
a red panda astronaut, studio lighting
cyberpunk street in the rain, neon signs
a watercolour of the Matterhorn at dawn
cute robot holding a flower
a dragon curled around a castle
logo of a bakery, flat design, vector
pixel art of a knight
a bowl of ramen, food photography
the Eiffel tower made of cheese
a kitten in a box
golden retriever puppy running on a beach
vintage car on route 66
a tree house in an autumn forest
an owl reading a book by candle light
a chess board seen from above
macro photo of a dew drop on a leaf
a samurai under cherry blossoms
a spaceship landing on a purple planet
sailing boats in the harbour of Essex
a classy document with a title
Scunthorpe railway station
a cock crowing on a fence at sunrise
a great tit on a branch
a pair of blue-footed boobies on a rock
a donkey pulling a cart
an ass and an ox beside the manger
a bottomless pit, fantasy illustration
a slice of coconut cream pie
strap on your boots, hiking poster
a boy about to strap on his helmet
a yellow shower curtain
a dog bite warning sign
one bite out of an apple
frost bite on a window, macro
a sound bite visualised
skyscrapers reaching into the clouds
a collared dove
a man in a collared shirt
a musician fingering a guitar chord
a bareback rider at a rodeo
hardcore punk concert poster
a hooker knot for fishing
jugs of lemonade on a picnic blanket
a doorknob, a door knob and a key
a kinky garden hose
the intercourse of nations, allegory
a girl on top of a mountain
a boy on top of the world
a jelly donut
dirty pillows on a couch
a rusty trombone in an attic
only fans in the empty stadium
clothes pegging line in the wind
frottage by Max Ernst, texture
a domination of angels, baroque ceiling
a playboy jester, comic
a shrimping boat at dawn
snowballing in the park
a humping whale? no, a humpback whale
a breast of chicken with herbs
robin red breast in snow
a cocktail with an olive
a cockpit of a biplane
a peacock spreading its tail
a shuttlecock in the air
a hancock signature in ink
a shiitake mushroom
a Dickensian street in fog
Moby Dick breaching
Dick Tracy comic panel
a pussy willow in spring
pussycat with a bow tie
a puss in boots
the assassin of kings
a grass snake in the grass
a bass guitar
mass at the cathedral
an assembly line of robots
glass of water
a passenger on a train
an analyst at a desk
a canal in Amsterdam
a banal still life
a circumference, geometry
a cucumber salad
a document with a stamp
an accumulation of clouds
the scum of the pond, macro
cumulus clouds over wheat
a succubus? no, a succulent
a sextant on a sea chart
a sextet playing jazz
Sussex cliffs
a unisex barber shop
a hexagon of honeycomb
a vixen in the snow
a grapevine
drapery study by Leonardo
a draped table
rapeseed fields in bloom
scraper tools on a bench
a therapist's office
a trapeze artist
a grape and a raspberry
a titan arum in flower
titanium bicycle frame
a partition wall
a constitution written in ink
a Titian portrait
an orange tabby
the planet Uranus with rings
a penne pasta plate
a peninsula seen from space
a pencil and a pen is on the desk
a pennant in the wind
a happiness machine
a Venetian canal
a vaginate leaf? no, a variegated leaf
a nun in Nuremberg
a denuded hill after logging
a nubian goat
a noodle shop at night
a menu of the day
a minute hand of a clock
a nudge of wind
a dry stone wall
a stripe, a strip of paper
a striped sweater
a stripper well? an oil pump
a stocking hung by the chimney
a bra in architecture: brackets
a brassica in the garden
a bikini atoll map
a thong sandal on sand
flip flops on the beach
an escort ship in convoy
a massage chair
a bathing elephant
a bath house in Budapest
a kissing gate in the countryside
a kiss under the mistletoe
lovers on a bench in Paris
a wedding couple
a mother nursing a baby, madonna
a statue of Venus de Milo
a bust of Beethoven
an hourglass figure? an hourglass
an exotic bird
a neurotic squirrel
an aerobic class
a heroic knight
xerox machine
roman numerals XIV on a clock
tic tac toe: x o x o
j. r. r. tolkien writing in his study
a b c blocks for children
a, b, c and d, letters of wood
e = m c 2 on a blackboard
t-rex on a skateboard
d-day landing, painting
x-ray of a hand
r2d2 and c3po made of lego
4k, 8k, hdr, octane render, trending
mp3 player, 90s design
7up can
a 1984 poster
50mm f1.8 portrait
$100 bill made of leaves
me@home, a cosy room
cat & dog, ink
cat|dog, split screen
(a fox:1.3), (forest:0.8), masterpiece
[[blurry]] background, ((sharp)) eyes
a fox --ar 16:9 --seed 7
<3 heart made of roses
best quality,masterpiece,solo,looking at viewer,smile
kit-ten, half-timbered house, well-known place
ein Fuchs auf blauem Grund
ein nackensteifer Ritter
eine Schüssel Nudeln
ein Esel am Meerbusen
das Sein und seins, Philosophie
ein Nacktschneckenrennen im Garten
eine Muschel am Strand
die Sechs, eine Zahl aus Holz
ein Kuss im Regen
ein Nussknacker
un renard sur fond bleu
un baiser sous la pluie
le baiser de Rodin
un chat noir sur un toit
une nuit étoilée
un menu de bistrot
un habitant de la lune
un zorro en la nieve
una nube sobre el mar
el sexto día
un martillo y un clavo
una tetera azul
un pollo asado
un desayuno en la terraza
青い背景のキツネ
裸足の少年
桜の木の下の猫
富士山の朝
夜の東京、雨
`
  .trim()
  .split('\n');
